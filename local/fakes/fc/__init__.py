"""A stand-in of Function Compute 3.0: runs the functions of an s.yaml, each in an interpreter of its own.

What it leaves out is in README.md beside this file.
"""

from __future__ import annotations

from local.fakes.fc.host import FunctionHost
from local.fakes.fc.manifest import Function, HttpTrigger, ManifestError, TimerTrigger, read_manifest
from local.fakes.fc.pool import InvocationResult
from local.fakes.fc.surroundings import Credentials

__all__ = [
    "Credentials",
    "Function",
    "FunctionHost",
    "HttpTrigger",
    "InvocationResult",
    "ManifestError",
    "TimerTrigger",
    "read_manifest",
]
