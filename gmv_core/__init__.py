"""The engine of the attribution explorer: from a folder of images to contributors and values.

Each name is imported from its module when it is first used; `__init__.pyi` says from which.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
