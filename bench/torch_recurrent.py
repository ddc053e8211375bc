"""The workloads of recurrentWorkloads.ts in PyTorch."""
import torch
import torch.nn as nn
import torch.nn.functional as F

CHARACTERS, FEATURES = 65, 64


class CharacterModel(nn.Module):
    def __init__(self, cell, hidden, layers):
        super().__init__()
        self.e = nn.Embedding(CHARACTERS, FEATURES)
        self.r = cell(FEATURES, hidden, layers, batch_first=True)
        self.o = nn.Linear(hidden, CHARACTERS)

    def forward(self, x):
        return self.o(self.r(self.e(x))[0])


def characters(cell, hidden, layers, batch, steps):
    def make(_):
        model = CharacterModel(cell, hidden, layers)
        optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
        x, y = torch.randint(0, CHARACTERS, (batch, steps)), torch.randint(0, CHARACTERS, (batch, steps))

        def step():
            optimizer.zero_grad(set_to_none=True)
            value = F.cross_entropy(model(x).reshape(-1, CHARACTERS), y.reshape(-1))
            value.backward()
            optimizer.step()
            return value.item()

        return step

    return make


RECURRENT_WORKLOADS = {
    "lstm": characters(nn.LSTM, 256, 2, 32, 64),
    "gru": characters(nn.GRU, 256, 2, 32, 64),
    "rnn": characters(nn.RNN, 256, 2, 32, 64),
    "lstm512": characters(nn.LSTM, 512, 2, 64, 64),
    "lstm_small": characters(nn.LSTM, 128, 1, 8, 32),
}
