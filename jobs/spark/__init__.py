"""The same night on a cluster: tables by name through Spark Connect, which Apache Spark and Sail both speak."""
