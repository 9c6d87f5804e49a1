"""Loading without collecting garbage ends with the loading."""

import subprocess
import sys

# In a process of its own: what is set apart in this one would stay so for the tests after it.
TOLD = """
import gc
from auricle.loading import uncollected

with uncollected():
    assert not gc.isenabled()
    made = [[]]
assert gc.isenabled()
assert not any(one is made for one in gc.get_objects()), "what was made is set apart"
try:
    with uncollected():
        raise ImportError
except ImportError:
    assert gc.isenabled()
    print("collected again")
"""


def test_garbage_is_collected_again_once_a_process_is_loaded_even_if_that_failed() -> None:
    told = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, timeout=60)
    assert (told.stdout, told.stderr) == ("collected again\n", "")
