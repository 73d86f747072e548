"""Stand-ins of the cloud's services. They import nothing of SHD Relay: a codec bug must not cancel itself out."""
