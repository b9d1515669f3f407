"""What PyTorch's users try and is not here: the error says what is instead, and nothing else notices."""

from __future__ import annotations

import copy
import pickle

import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.nn.habits import LAYERS, MODULES, PARAMETERS


class Own(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 1)


@pytest.mark.parametrize("module", [Own(), nn.Sequential(nn.Linear(2, 1)), nn.Linear(2, 1), nn.MLP(2, [1])], ids=repr)
@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_is_instead(module, name):
    assert not hasattr(module, name)
    assert name not in dir(module)
    with pytest.raises(AttributeError, match=rf"{name} is PyTorch's and not here: \w"):
        getattr(module, name)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_says_what_is_instead(name):
    parameter = nn.Parameter((2, 3))
    assert not hasattr(parameter, name)
    assert name not in dir(parameter)
    with pytest.raises(AttributeError, match=rf"Parameter\.{name} is PyTorch's and not here: \w"):
        getattr(parameter, name)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_that_is_not_here(name):
    with pytest.raises(AttributeError, match=rf"nn\.{name} is PyTorch's and not here: \w"):
        getattr(nn, name)
    with pytest.raises(ImportError):
        exec(f"from autograd_lite.nn import {name}")


@pytest.mark.parametrize(
    "name",
    [
        *("tensor", "Tensor", "stack", "cat", "matmul", "autograd", "func", "device", "cuda", "float32", "clamp"),
        *("inference_mode", "enable_grad", "set_grad_enabled", "is_grad_enabled"),
    ],
)
def test_a_function_that_is_not_here(name):
    with pytest.raises(AttributeError, match=f"has no attribute '{name}': .*[a-z]"):
        getattr(ag, name)


@pytest.mark.parametrize("name", [name for name, cure in PARAMETERS.items() if cure.startswith(f"ag.{name}(")])
def test_what_is_instead_works(name):
    assert eval(PARAMETERS[name], {"ag": ag, "p": nn.Parameter([1.0, 3.0])}) is not None


def test_a_model_is_no_list_of_parameters():
    for model in (nn.Sequential(nn.Linear(2, 1)), nn.Linear(2, 1), Own(), nn.MLP(2, [1])):
        for take in (ag.optim.SGD, ag.optim.Adam, lambda m: nn.utils.clip_grad_norm_(m, 1.0)):
            with pytest.raises(TypeError, match=rf"not one {type(model).__name__}: its \.parameters\(\)"):
                take(model)


@pytest.mark.parametrize("call", [lambda: nn.MSELoss([1.0]), lambda: nn.CrossEntropyLoss([1.0, 2.0], [0])])
def test_a_loss_is_made_before_it_is_called(call):
    with pytest.raises(TypeError, match=r"reduction is a text, not list: .*nn\.\w+Loss\(\)\(prediction, target\)"):
        call()


def test_a_parameter_always_records():
    assert nn.Parameter([1.0], requires_grad=True).requires_grad
    for data in ([1.0], (2, 3)):
        with pytest.raises(ValueError, match=r"requires_grad is always True: give the optimiser only .*no_grad"):
            nn.Parameter(data, requires_grad=False)


def test_a_user_may_take_the_names():
    class Cast(nn.Module):
        def to(self, device):
            return device

    assert Cast().to("here") == "here"
    model = Own()
    model.half = nn.Linear(1, 2)
    assert [name for name, _ in model.named_parameters()][-2:] == ["half.weight", "half.bias"]
    assert "half" in dir(model)
    assert nn.Sequential({"float": nn.Linear(2, 1)}).float.weight.shape == (1, 2)
    for same in (copy.deepcopy(model), pickle.loads(pickle.dumps(nn.Sequential(nn.Linear(2, 1))))):
        assert isinstance(same, nn.Module)


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ([nn.ReLU()], r"\*list"), (nn.ReLU, r"write ReLU\(\)"), (ag.relu, r"nn\.ReLU\(\)"),
        (lambda x: x, "forward"), (3, "int"), ((nn.ReLU(),), r"\*tuple"),
    ],
)  # fmt: skip
def test_what_is_no_module_is_told_what_to_write(given, cure):
    with pytest.raises(TypeError, match=cure):
        nn.Sequential(nn.Linear(1, 1), given)
    with pytest.raises(TypeError, match=cure):
        nn.Sequential().append(given)
    with pytest.raises(TypeError, match=cure):
        nn.ModuleDict({"a": given})


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("jit", "compile"),
        ("jacrev", "jacobian"),
        ("draw_dot", "ag.draw"),
        ("Linear", "nn"),
        ("Adam", "optim"),
        ("array", "values"),
    ],
)
def test_a_name_of_another_package_says_what_it_is_here(name, instead):
    with pytest.raises(AttributeError, match=instead) as caught:
        getattr(ag, name)
    assert (caught.value.name, caught.value.obj) == (name, ag)  # from which Python finds the name that may be meant


@pytest.mark.parametrize("call", [lambda: ag.sum([1.0], axis=0), lambda: ag.max([1.0], dim=0)])
def test_an_axis_is_numpys(call):
    with pytest.raises(TypeError, match=r"np\.(sum|max)\(array, axis=…\)"):
        call()
