"""The rules of the appliance, over an open transaction."""
