package anonymize

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
)

// ErrKey is that a file holds no key.
var ErrKey = errors.New("a key is 32 bytes, or 64 hexadecimal digits: 'head -c 32 /dev/urandom >KEY' makes one")

// ReadKey reads a key from a file.
func ReadKey(file io.Reader) (key [KeySize]byte, err error) {
	text, err := io.ReadAll(io.LimitReader(file, 2*KeySize+3)) // digits and the end of a line
	if err != nil {
		return key, err
	}
	if len(text) == KeySize {
		return [KeySize]byte(text), nil
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) != 2*KeySize {
		return key, ErrKey
	}
	if _, err := hex.Decode(key[:], text); err != nil {
		return key, ErrKey
	}
	return key, nil
}

// RandomKey is a key that nobody knows.
func RandomKey() (key [KeySize]byte) {
	rand.Read(key[:]) // it never fails
	return key
}
