package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const mostRedirects = 10

// web is the store of http and https.
var web = &webStore{client: &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		ReadBufferSize:        64 << 10,
		DisableCompression:    true, // ranges are of the bytes as they are
		ForceAttemptHTTP2:     true,
	},
	CheckRedirect: func(to *http.Request, via []*http.Request) error {
		switch from := via[0].URL; {
		case to.URL.Scheme != from.Scheme:
			return &redirectError{fmt.Sprintf("it is redirected from %s to another scheme, %.20q", from.Scheme, to.URL.Scheme)}
		case len(via) >= mostRedirects:
			return &redirectError{"it is redirected again and again"}
		}
		return nil
	},
}}

type redirectError struct{ text string }

func (e *redirectError) Error() string { return e.text }

type webStore struct{ client *http.Client }

// Open implements Store.
func (s *webStore) Open(ctx context.Context, u *url.URL, offset int64, version string) (io.ReadCloser, Info, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, Info{}, errors.New("is no URL")
	}
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		if strings.HasPrefix(version, `"`) { // RFC 9110 13.1.1: a weak one matches nothing
			request.Header.Set("If-Match", version)
		}
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, Info{}, webError(err)
	}
	info, err := said(response, offset)
	if err != nil {
		response.Body.Close()
	}
	return response.Body, info, err
}

// webError is an error of a request without its URL.
func webError(err error) error {
	if redirected, ok := errors.AsType[*redirectError](err); ok {
		return redirected
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok && name.IsNotFound {
		return errors.New("there is no such host")
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok || strings.Contains(err.Error(), "Location header") {
		return errors.New("the server answered with a malformed header") // which may hold what is secret
	}
	return &Retry{fmt.Errorf("the server cannot be asked: %w", err)}
}

// said is what an answer says of the object.
func said(r *http.Response, offset int64) (Info, error) {
	info := Info{Size: r.ContentLength, Version: r.Header.Get("ETag")}
	if info.Version == "" {
		info.Version = r.Header.Get("Last-Modified")
	}
	switch code := r.StatusCode; {
	case code == http.StatusOK && offset == 0:
		return info, nil
	case code == http.StatusOK:
		return info, fmt.Errorf("the connection was cut at offset %d, and the server cannot resume in the middle", offset)
	case code == http.StatusPartialContent && offset > 0:
		first, size, ok := contentRange(r.Header.Get("Content-Range"))
		if !ok || first != offset {
			return info, errors.New("the server resumed at another offset than was requested")
		}
		info.Size = size
		return info, nil
	case code == http.StatusPreconditionFailed:
		return info, ErrChanged
	case code == http.StatusRequestedRangeNotSatisfiable && offset > 0: // its tag may be that of the message
		_, size, _ := strings.Cut(r.Header.Get("Content-Range"), "/")
		length, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			length = -1
		}
		return info, &beyondError{length, r.Header.Get("ETag")}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return info, fmt.Errorf("access is denied (%d %s)", code, http.StatusText(code))
	case code == http.StatusTooManyRequests, code >= 500:
		return info, &Retry{fmt.Errorf("the server says %d %s", code, http.StatusText(code))}
	default:
		return info, fmt.Errorf("the server says %d %s", code, http.StatusText(code))
	}
}

// contentRange reads "bytes 5-9/10" (RFC 9110 14.4). size is -1 if it is not known.
func contentRange(s string) (first, size int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	at, whole, slash := strings.Cut(s, "/")
	from, _, dash := strings.Cut(at, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	if size = -1; whole != "*" && err == nil {
		size, err = strconv.ParseInt(whole, 10, 64)
	}
	return first, size, ok && slash && dash && err == nil
}
