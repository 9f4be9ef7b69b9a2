from gmv_core.cli import main

main()
