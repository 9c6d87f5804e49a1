"""The one table of vendors. A vendor is one file in `vendors/` that ends with `VENDOR = Vendor(…)`.

One too large for a file keeps its parts in a package beside it, which is loaded when it is used.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from auricle.errors import Misconfigured
from auricle.providers import vendors as vendor_files
from auricle.providers.vendor import Vendor


@cache
def vendors() -> Mapping[str, Vendor]:
    """Every vendor, by name, found by listing the `vendors` package."""
    found: dict[str, Vendor] = {}
    for module in pkgutil.iter_modules(vendor_files.__path__):
        if module.ispkg:
            continue
        vendor = getattr(importlib.import_module(f"{vendor_files.__name__}.{module.name}"), "VENDOR", None)
        if isinstance(vendor, Vendor):
            if vendor.name in found:
                raise Misconfigured("Two files register the same vendor.", vendor=vendor.name)
            found[vendor.name] = vendor
    return found


def vendor_named(name: str) -> Vendor:
    try:
        return vendors()[name]
    except KeyError:
        raise Misconfigured("There is no such vendor.", vendor=name, known=sorted(vendors())) from None
