"""Projects in the shapes that are met in public, recorded with nothing declared."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.driver")
