"""The plugin passes the checks that third parties run."""

import vaeedit_latent
from vaeedit.testing import parametrize_with_checks


@parametrize_with_checks(vaeedit_latent)
def test_the_latent_plugin_keeps_the_contract(check):
    check()
