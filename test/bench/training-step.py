"""PyTorch's side of `npm run bench -- training-step`: the same step of the same encoder, as one writes it in PyTorch.

python training-step.py usual|quickest THREADS reads a line of JSON at a time, a list of batches, each a list of windows
of piece ids; does a step for each batch, and answers with a line of JSON: the seconds of the steps together.

usual     nn.Embedding with its dense gradient; AdamW(foreach=True) over all weights.
quickest  AdamW(fused=True), and the word table by rows: nn.Embedding(sparse=True) with SparseAdam.
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY, POSITIONS, TOKEN_TYPES = 30522, 512, 12
HIDDEN, LAYERS, HEADS, INTERMEDIATE = 384, 6, 12, 1536
LABELS = (9, 17, 23)
DROPOUT, EPSILON, CLIP = 0.1, 1e-12, 1.0


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.mix = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.wide, self.narrow = nn.Linear(HIDDEN, INTERMEDIATE), nn.Linear(INTERMEDIATE, HIDDEN)
        self.first, self.second = (nn.LayerNorm(HIDDEN, eps=EPSILON) for _ in range(2))

    def forward(self, x, bias):
        windows, length, _ = x.shape
        split = lambda y: y.view(windows, length, HEADS, HIDDEN // HEADS).transpose(1, 2)
        query, key, value = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = query @ key.transpose(-1, -2) * (HIDDEN // HEADS) ** -0.5 + bias
        weights = F.dropout(scores.softmax(-1), DROPOUT, self.training)
        mixed = (weights @ value).transpose(1, 2).reshape(windows, length, HIDDEN)
        x = self.first(x + F.dropout(self.mix(mixed), DROPOUT, self.training))
        narrow = self.narrow(F.gelu(self.wide(x)))
        return self.second(x + F.dropout(narrow, DROPOUT, self.training))


class Tagger(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, HIDDEN, sparse=sparse)
        self.positions = nn.Embedding(POSITIONS, HIDDEN)
        self.token_types = nn.Embedding(TOKEN_TYPES, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, eps=EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.heads = nn.ModuleList(nn.Linear(HIDDEN, labels) for labels in LABELS)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids, token_types, mask):
        places = torch.arange(ids.shape[1])
        x = self.norm(self.words(ids) + self.positions(places) + self.token_types(token_types))
        x = F.dropout(x, DROPOUT, self.training)
        bias = (mask[:, None, None, :].float() - 1) * 1e9
        for layer in self.layers:
            x = layer(x, bias)
        x = F.dropout(x, DROPOUT, self.training)
        return [head(x) for head in self.heads]


class Training:
    def __init__(self, quickest):
        torch.manual_seed(1)
        self.model = Tagger(sparse=quickest).train()
        settings = {"lr": 1e-4, "weight_decay": 0.01, "eps": 1e-6}
        table = self.model.words.weight
        if quickest:
            others = [weight for weight in self.model.parameters() if weight is not table]
            adamw = torch.optim.AdamW(others, fused=True, **settings)
            self.optimisers = [adamw, torch.optim.SparseAdam([table], lr=settings["lr"], eps=settings["eps"])]
        else:
            self.optimisers = [torch.optim.AdamW(self.model.parameters(), foreach=True, **settings)]

    def step(self, ids):
        start = time.perf_counter()
        mask, token_types = torch.ones_like(ids), ids % TOKEN_TYPES
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        scores = self.model(ids, token_types, mask)
        losses = [F.cross_entropy(each.flatten(0, 1), (ids % each.shape[-1]).flatten()) for each in scores]
        loss = sum(losses)
        loss.backward()
        between = time.perf_counter()
        self.clip()
        for optimiser in self.optimisers:
            optimiser.step()
        return between - start, time.perf_counter() - between, loss.item()

    def clip(self):
        """As nn.utils.clip_grad_norm_, which takes no sparse gradients."""
        gradients = []
        for weight in self.model.parameters():
            if weight.grad.is_sparse:
                weight.grad = weight.grad.coalesce()
                gradients.append(weight.grad._values())
            else:
                gradients.append(weight.grad)
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        torch._foreach_mul_(gradients, torch.clamp(CLIP / (norm + 1e-6), max=1.0))


def main():
    quickest = {"usual": False, "quickest": True}[sys.argv[1]]
    torch.set_num_threads(int(sys.argv[2]))
    training = Training(quickest)
    for line in sys.stdin:
        batches = json.loads(line)
        processor = time.process_time()
        done = [training.step(torch.tensor(ids)) for ids in batches]
        answer = {
            "forwardBackward": sum(one[0] for one in done),
            "optimiser": sum(one[1] for one in done),
            "processor": time.process_time() - processor,
            "loss": done[-1][2],
            "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        }
        print(json.dumps(answer), flush=True)


main()
