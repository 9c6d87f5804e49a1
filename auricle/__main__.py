from auricle.cli import main

main()
