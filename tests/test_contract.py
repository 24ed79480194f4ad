"""The built-in plugins pass the checks that third parties run."""

import vaeedit_anomaly
import vaeedit_denoise
import vaeedit_ladder
import vaeedit_super_resolve
from vaeedit.testing import parametrize_with_checks


@parametrize_with_checks(vaeedit_anomaly)
def test_the_anomaly_plugin_keeps_the_contract(check):
    check()


@parametrize_with_checks(vaeedit_denoise)
def test_the_denoise_plugin_keeps_the_contract(check):
    check()


@parametrize_with_checks(vaeedit_ladder)
def test_the_ladder_plugin_keeps_the_contract(check):
    check()


@parametrize_with_checks(vaeedit_super_resolve)
def test_the_super_resolve_plugin_keeps_the_contract(check):
    check()
