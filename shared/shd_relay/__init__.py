"""SHD Relay: what Alibaba Cloud's Service Health Dashboard says, pushed to an MNS topic and answered over HTTP."""

__version__ = "0.1.0"
