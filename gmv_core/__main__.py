from gmv_core.cli.main import main

main()
