"""An organization's agents and its embedder in OpenAI's form, for programs that speak it: `/v1/…`.

Stateless: what is said here belongs to no consultation and no patient, and is stored nowhere.
"""
