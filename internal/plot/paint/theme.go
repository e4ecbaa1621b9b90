package paint

import "image/color"

// Color is what a colour means. A Theme has it.
type Color uint8

// The colours. The first four are for what surrounds the data.
const (
	Paper Color = iota
	Ink
	Muted
	Grid
	Blue
	Orange
	Sky
	Green
	Red
	Purple
	Yellow
	Gray
	Violet
	numColors
)

// Theme has the colours for a light or a dark ground.
type Theme [numColors]color.NRGBA

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 0xff}
}

// The themes. Their colours of data are those of Okabe and Ito, which people tell apart who are blind to some colours; lighter ones on a dark ground.
var (
	Light = Theme{
		Paper: rgb(0xffffff), Ink: rgb(0x1b1f24), Muted: rgb(0x59636e), Grid: rgb(0xe3e7eb),
		Blue: rgb(0x0072b2), Orange: rgb(0xd98200), Sky: rgb(0x56b4e9), Green: rgb(0x009e73), Red: rgb(0xd55e00),
		Purple: rgb(0xb0578d), Yellow: rgb(0xd8c500), Gray: rgb(0x9aa4ae), Violet: rgb(0x6a5acd),
	}
	Dark = Theme{
		Paper: rgb(0x0f1419), Ink: rgb(0xe6e9ec), Muted: rgb(0x9aa7b4), Grid: rgb(0x27303a),
		Blue: rgb(0x5db1f0), Orange: rgb(0xf0a93a), Sky: rgb(0x9bdcff), Green: rgb(0x2fc795), Red: rgb(0xff7a45),
		Purple: rgb(0xe391c4), Yellow: rgb(0xf0e442), Gray: rgb(0x6b7785), Violet: rgb(0xa79cf5),
	}
)

// on is the colour in which text is legible on c.
func on(c color.NRGBA) color.NRGBA {
	if 299*int(c.R)+587*int(c.G)+114*int(c.B) > 135_000 {
		return rgb(0x11151a)
	}
	return rgb(0xffffff)
}

// faded is c of some opacity.
func faded(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(opacity * 255)
	return c
}
