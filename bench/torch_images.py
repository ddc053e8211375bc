"""The image workloads of imageWorkloads.ts in PyTorch; each maker takes the memory format. Needs torchvision."""
import torch
import torch.nn as nn
import torch.nn.functional as F

# The models need none of torchvision's compiled ops, which do not load beside every build of torch.
torch.library.register_fake = lambda *_, **__: lambda function: function
try:
    import torchvision.models as zoo
except ImportError:  # its rows are left out
    zoo = None


def classification(model, batch, size, classes, memory_format, trained=None):
    model.to(memory_format=memory_format)
    x = torch.randn(batch, 3, size, size).contiguous(memory_format=memory_format)
    y = torch.randint(0, classes, (batch,))
    optimizer = torch.optim.SGD((trained or model).parameters(), lr=0.01, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


class BasicBlock(nn.Module):
    """A block of the CIFAR ResNets, with the paper's shortcut A."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.added = (outputs - inputs) // 2

    def forward(self, x):
        shortcut = x if self.added == 0 else F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.added, self.added))
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        stages = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        blocks = [
            BasicBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1)
            for inputs, outputs, stride in stages
            for i in range(3)
        ]
        self.layers = nn.Sequential(*blocks)
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        return self.linear(self.layers(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


def resnet20(memory_format):
    return classification(ResNet20(), 128, 32, 10, memory_format)


def vgg11(memory_format):
    model = zoo.vgg11_bn(num_classes=10)
    model.avgpool = nn.Identity()
    model.classifier = nn.Linear(512, 10)
    return classification(model, 64, 32, 10, memory_format)


def large(name, **options):
    def make(memory_format):
        return classification(getattr(zoo, name)(num_classes=100, **options), 8, 224, 100, memory_format)

    return make


def resnet50_frozen(memory_format):
    model = zoo.resnet50(num_classes=100)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for parameter in model.fc.parameters():
        parameter.requires_grad_(True)
    return classification(model, 8, 224, 100, memory_format, model.fc)


def inference(name, batch):
    def make(memory_format):
        model = getattr(zoo, name)().eval().to(memory_format=memory_format)
        x = torch.randn(batch, 3, 224, 224).contiguous(memory_format=memory_format)

        def step():
            with torch.inference_mode():
                return model(x).sum().item()

        return step

    return make


def dcgan(memory_format):
    generator = nn.Sequential(
        nn.ConvTranspose2d(64, 128, 7, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh(),
    ).to(memory_format=memory_format)
    critic = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
        nn.Conv2d(128, 1, 7),
    ).to(memory_format=memory_format)
    generator_step = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    critic_step = torch.optim.Adam(critic.parameters(), 2e-4, (0.5, 0.999))
    images = torch.randn(64, 1, 28, 28).contiguous(memory_format=memory_format)
    real, fake = torch.ones(64), torch.zeros(64)

    def loss_of(x, target):
        return F.binary_cross_entropy_with_logits(critic(x).flatten(), target)

    def step():
        made = generator(torch.randn(64, 64, 1, 1))
        critic_step.zero_grad()
        loss = loss_of(images, real) + loss_of(made.detach(), fake)
        loss.backward()
        critic_step.step()
        generator_step.zero_grad()
        loss_of(made, real).backward()
        generator_step.step()
        return loss.item()

    return step


IMAGE_WORKLOADS = {"resnet20": resnet20, "dcgan": dcgan}
if zoo is not None:
    IMAGE_WORKLOADS |= {
        "vgg11": vgg11,
        "resnet18_224": large("resnet18"),
        "googlenet_224": large("googlenet", aux_logits=False),
        "resnet50_frozen": resnet50_frozen,
        "infer_resnet18_b1": inference("resnet18", 1),
        "infer_resnet50_b8": inference("resnet50", 8),
    }
