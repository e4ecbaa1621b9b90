//go:build !cgo

package source

import (
	"errors"

	"tcptrace/internal/wire"
)

func compile(string, wire.LinkType) (matcher, error) {
	return nil, errors.New("this build has no libpcap, so -f is not available: " +
		"build with CGO_ENABLED=1 and libpcap's headers, or use --where")
}
