from wegmarken.cli import main

main()
