"""The cloud on one machine: stand-ins of what SHD Relay talks to, and the programs that run it here."""
