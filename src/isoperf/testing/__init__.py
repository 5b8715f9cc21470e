"""Checks that anyone may run on laws of their own; ours run them too."""

from __future__ import annotations

from isoperf.testing.laws import (
    check_broadcasting,
    check_finite,
    check_gradient,
    check_law,
    check_linear,
    check_recovery,
)

__all__ = ["check_broadcasting", "check_finite", "check_gradient", "check_law", "check_linear", "check_recovery"]
