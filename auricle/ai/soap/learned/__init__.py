"""What was learned from labelled consultations: weights of hashed features, read with numpy alone.

Learned by `python -m bench.clinical.learn` from ACI-Bench and MTS-Dialog (both CC BY 4.0); no text of theirs is here.
"""
