package main

import (
	"context"
	"errors"
	"io"
	"net/url"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob"
	_ "gocloud.dev/blob/gcsblob"
	_ "gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"

	"tcptrace/internal/remote"
)

// This file is part of the command in a build by .ci/cloud, and of no other: what it needs would triple the modules of the program.

func init() {
	for _, scheme := range []string{"s3", "gs", "azblob"} {
		remote.Register(scheme, cloud{})
	}
}

// cloud reads the objects of buckets. Credentials are the environment's, as each cloud's own programs have them.
type cloud struct{}

const validation = "response_checksum_validation"

// bucket opens the bucket of a URL, whose query says where it is.
func (cloud) bucket(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	of := url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: u.RawQuery}
	if q := u.Query(); u.Scheme == "s3" && !q.Has(validation) {
		q.Set(validation, "when_required") // otherwise a line on the terminal for each object says that it has no checksum
		of.RawQuery = q.Encode()
	}
	b, err := blob.OpenBucket(ctx, of.String())
	if err != nil {
		return nil, errors.New("the bucket cannot be opened: no credentials, or no such option behind the ?") // the error has the URL
	}
	return b, nil
}

// Open implements remote.Store.
func (c cloud) Open(ctx context.Context, u *url.URL, offset int64, version string) (io.ReadCloser, remote.Info, error) {
	b, err := c.bucket(ctx, u)
	if err != nil {
		return nil, remote.Info{}, err
	}
	key := u.Path
	if len(key) > 0 {
		key = key[1:]
	}
	about, err := b.Attributes(ctx, key)
	if err == nil && offset > about.Size {
		err = remote.ErrChanged
	}
	if err != nil {
		b.Close()
		return nil, remote.Info{}, plain(err)
	}
	info := remote.Info{Size: about.Size, Version: about.ETag}
	if version != "" && version != info.Version {
		b.Close()
		return nil, info, remote.ErrChanged
	}
	r, err := b.NewRangeReader(ctx, key, offset, -1, nil)
	if err != nil {
		b.Close()
		return nil, info, plain(err)
	}
	return &object{r, b}, info, nil
}

// object is a body, and the bucket that it is in.
type object struct {
	*blob.Reader
	bucket *blob.Bucket
}

func (o *object) Close() error { return errors.Join(o.Reader.Close(), o.bucket.Close()) }

// List implements remote.Lister.
func (c cloud) List(ctx context.Context, u *url.URL, prefix string) (keys []string, err error) {
	b, err := c.bucket(ctx, u)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	list := b.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := list.Next(ctx)
		switch {
		case err == io.EOF:
			return keys, nil
		case err != nil:
			return nil, plain(err)
		case !o.IsDir:
			keys = append(keys, o.Key)
		}
	}
}

// plain is an error of a cloud in a few words: its own have URLs in them.
func plain(err error) error {
	switch {
	case errors.Is(err, remote.ErrChanged):
		return err
	case gcerrors.Code(err) == gcerrors.NotFound:
		return errors.New("there is no such object, or no such bucket")
	case gcerrors.Code(err) == gcerrors.PermissionDenied:
		return errors.New("access is denied")
	case gcerrors.Code(err) == gcerrors.InvalidArgument:
		return errors.New("the store does not take such a request")
	}
	return &remote.Retry{Err: errors.New("the store cannot be asked, or does not take the credentials (" + gcerrors.Code(err).String() + ")")}
}
