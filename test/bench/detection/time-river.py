"""Times River's Half-Space Trees on numbers from standard input: SETTINGS is trees,height,window. Prints samples per CPU second."""
import json
import sys
import time

from river import anomaly, preprocessing

values = json.load(sys.stdin)
trees, height, window = (int(part) for part in sys.argv[1].split(","))
model = anomaly.HalfSpaceTrees(n_trees=trees, height=height, window_size=window, seed=42)
scaler = preprocessing.MinMaxScaler()


def learn(value):
    sample = {"v": value}
    scaler.learn_one(sample)
    scaled = scaler.transform_one(sample)
    score = model.score_one(scaled)
    model.learn_one(scaled)
    return score


# The trees are made with the first sample; that is not what is timed.
learn(values[0])
started = time.process_time()
for value in values[1:]:
    learn(value)
print((len(values) - 1) / (time.process_time() - started))
