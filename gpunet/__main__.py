"""``python -m gpunet`` is the command ``gpunet``."""

from gpunet.cli.commands import main

if __name__ == "__main__":
    main()
