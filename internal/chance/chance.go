// Package chance says how likely chance alone makes what was counted, so that nothing is told that it does.
//
// Not its job: what was counted, or from which bound on it is told.
package chance

import "math"

// Unlikely is how seldom chance does what is told.
const Unlikely = 0.001

// G is the G of a two by two table, by which its rows are told to differ (Dunning, "Accurate methods for the statistics of surprise and
// coincidence", 1993): n of in are affected, and affected of all.
func G(n, in, affected, all uint64) float64 {
	sum := 0.0
	cell := func(o, row, column uint64) {
		if o > 0 {
			sum += float64(o) * math.Log(float64(o)*float64(all)/(float64(row)*float64(column)))
		}
	}
	cell(n, in, affected)
	cell(in-n, in, all-affected)
	cell(affected-n, all-in, affected)
	cell(all-in-(affected-n), all-in, all-affected)
	return 2 * sum
}

// Scan is the log likelihood ratio of k of n in a part of all the time; 0 if that is not lift times what is outside (Kulldorff, "A spatial scan statistic", 1997).
func Scan(k, n int, part, lift float64) float64 {
	in, all := float64(k), float64(n)
	if in*(1-part) < lift*(all-in)*part {
		return 0
	}
	ratio := in * math.Log(in/(all*part))
	if k < n {
		ratio += (all - in) * math.Log((all-in)/(all*(1-part)))
	}
	return ratio
}

// Tail is how likely at least k of n are far by chance, if far of all are (hypergeometric).
func Tail(k, n, far, all uint64) (sum float64) {
	for ; k <= min(n, far); k++ {
		sum += math.Exp(choose(n, k) + choose(all-n, far-k) - choose(all, far))
	}
	return sum
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k uint64) float64 {
	if k > n {
		return math.Inf(-1)
	}
	f := func(x uint64) float64 { l, _ := math.Lgamma(float64(x) + 1); return l }
	return f(n) - f(k) - f(n-k)
}
