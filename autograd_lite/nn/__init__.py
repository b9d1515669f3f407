from .parameter import Element, Parameter
