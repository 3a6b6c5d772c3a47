"""The five documented APIs, one package each."""
