package input

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The slowest and the fastest pace of a [PacedSource] that users can choose; beyond that there is "max".
const (
	MinSpeed = 0.001
	MaxSpeed = 1e6
)

// ParseSpeed parses a pace relative to the capture, such as "10x", "10" or "0.5x". It returns 0 for "max", which means without waiting.
func ParseSpeed(s string) (float64, error) {
	if s == "max" {
		return 0, nil
	}
	number := strings.TrimSuffix(s, "x")
	speed, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil, math.IsNaN(speed), strings.ContainsAny(number, "_xXpP"):
		return 0, fmt.Errorf("%q is not a speed, such as 1x, 10x, 0.5x or max", s)
	case speed < MinSpeed || speed > MaxSpeed:
		return 0, fmt.Errorf("%s is not between %gx and %.0fx: max does not wait at all", s, MinSpeed, MaxSpeed)
	}
	return speed, nil
}
