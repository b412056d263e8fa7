"""Figures as the pages show them: numbers, charts, what stands behind them."""
