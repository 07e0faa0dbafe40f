"""The experiments of the method's paper (KDD 2015, sections 5.1 and 5.2), and how far their results can be believed."""
