package main

import (
	"math"
	"strconv"
	"strings"
)

// The slowest and the fastest pace of a replay; what is faster is "max".
const (
	minSpeed = 0.001
	maxSpeed = 1e6
)

// parseSpeed reads a pace such as "10x" or "0.5x". That of "max", without any waiting, is 0.
func parseSpeed(s string) (float64, error) {
	if s == "max" {
		return 0, nil
	}
	number, ok := strings.CutSuffix(s, "x")
	speed, err := strconv.ParseFloat(number, 64)
	switch {
	case !ok, err != nil, math.IsNaN(speed), strings.ContainsAny(number, "_xXpP"):
		return 0, usageError("--speed is a number of times as fast, such as 1x, 10x or 0.5x, or max; not %q", s)
	case speed < minSpeed || speed > maxSpeed:
		return 0, usageError("--speed %s is not between %gx and %.0fx: max does not wait at all", s, minSpeed, maxSpeed)
	}
	return speed, nil
}
