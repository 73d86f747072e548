"""The reports that a support plan promises, measured from the logs alone. All pure but gather.py, which reads them."""
