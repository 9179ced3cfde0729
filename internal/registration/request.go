// Package registration turns software statements into client credentials (RFC
// 7591).
package registration

import (
	"io"
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/strictjson"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

const (
	maxBody      = 64 << 10
	maxRedirects = 16
)

// Request is a well-formed request to register. Nothing of it is believed yet.
type Request struct {
	Statement    string
	RedirectURIs []string
	Metadata     Metadata
	Device       device.Info
	DeviceSource device.Source
	// DeviceHeader and UserAgent are what the device sent of itself.
	DeviceHeader, UserAgent string
	// Address is where the request came from, as far as trusted proxies say;
	// the caller of [ReadRequest] fills it in.
	Address netip.Addr
	// ManagedAt is the address, ending in a slash, under which the client can
	// manage its registration by its id; empty where it cannot. The caller
	// fills it in.
	ManagedAt string
}

// ReadRequest reads the request's body and what its headers say of the device.
// Errors are protocol errors.
//
// Members that mean nothing here are ignored, as RFC 7591 section 2 demands,
// whether the client asks for scopes, a secret or a grant by them: the
// statement alone decides (section 3.1.1). Where the profile heeds client
// metadata, that counts as well.
func ReadRequest(r *http.Request, p wire.Profile) (Request, error) {
	if r.Method != http.MethodPost {
		return Request{}, wire.MethodNotAllowed(http.MethodPost)
	}
	if types := r.Header["Content-Type"]; len(types) != 1 || mediaType(types[0]) != "application/json" {
		return Request{}, invalid("Content-Type must be application/json")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return Request{}, invalid("the body could not be read")
	}
	if len(body) > maxBody {
		return Request{}, invalid("the body is too large")
	}
	object, err := strictjson.Read(body)
	if err != nil {
		return Request{}, oautherr.New(oautherr.InvalidRequest, "the body must be one JSON object, each member given once").Because(err)
	}
	var q Request
	if q.Statement, _, err = object.String("software_statement"); err != nil {
		return Request{}, invalid("software_statement must be a string")
	}
	if q.Statement == "" {
		return Request{}, invalid("software_statement is missing")
	}
	if q.RedirectURIs, err = redirects(object); err != nil {
		return Request{}, err
	}
	if p.ClientMetadata {
		if q.Metadata, err = readMetadata(object); err != nil {
			return Request{}, err
		}
	}
	q.DeviceHeader, q.UserAgent = r.Header.Get("X-Device-Info"), r.Header.Get("User-Agent")
	q.Device, q.DeviceSource = device.FromRequest(q.DeviceHeader, q.UserAgent)
	return q, nil
}

// redirects reads redirect_uri, the member that the Adobe API documents, or
// redirect_uris, its like in RFC 7591; both at once would be one parameter
// given twice.
func redirects(object strictjson.Object) ([]string, error) {
	uri, _, err := object.String("redirect_uri")
	if err != nil {
		return nil, invalid("redirect_uri must be a string")
	}
	uris, _, err := object.Strings("redirect_uris")
	if err != nil {
		return nil, invalid("redirect_uris must be an array of strings")
	}
	switch {
	case uri != "" && len(uris) > 0:
		return nil, invalid("redirect_uri and redirect_uris are both given")
	case len(uris) > maxRedirects:
		return nil, invalid("too many redirect_uris")
	case uri != "":
		return []string{uri}, nil
	case len(uris) > 0:
		return uris, nil
	default:
		return nil, nil
	}
}

// mediaType drops the parameters, such as charset, that clients like to add.
func mediaType(value string) string {
	kind, _, _ := strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func invalid(description string) error { return oautherr.New(oautherr.InvalidRequest, description) }
