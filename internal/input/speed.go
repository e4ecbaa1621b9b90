package input

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The slowest and the fastest pace of a [PacedSource] that people may choose; what is faster is "max".
const (
	MinSpeed = 0.001
	MaxSpeed = 1e6
)

// ParseSpeed reads a pace such as "10x", "10" or "0.5x", times as fast as the capture. That of "max", without any waiting, is 0.
func ParseSpeed(s string) (float64, error) {
	if s == "max" {
		return 0, nil
	}
	number := strings.TrimSuffix(s, "x")
	speed, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil, math.IsNaN(speed), strings.ContainsAny(number, "_xXpP"):
		return 0, fmt.Errorf("%q is not a number of times as fast, such as 1x, 10x or 0.5x, or max", s)
	case speed < MinSpeed || speed > MaxSpeed:
		return 0, fmt.Errorf("%s is not between %gx and %.0fx: max does not wait at all", s, MinSpeed, MaxSpeed)
	}
	return speed, nil
}
