"""What every service is given: its platform, the clock, tokens, timers, and the bases of what reacts and projects."""
