"""``python -m gpunet`` is the command ``gpunet``."""

from gpunet.cli.app import main

if __name__ == "__main__":
    main()
