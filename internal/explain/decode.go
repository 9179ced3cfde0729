package explain

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var errUnreadable = errors.New("the record of a refusal is unreadable")

// Decode reads what [Entry.Encode] wrote.
func Decode(data []byte) (Entry, error) {
	var e Entry
	for len(data) > 0 {
		f := field(data[0])
		data = data[1:]
		if f&isText == 0 {
			value, n := binary.Varint(data)
			if n <= 0 {
				return Entry{}, errUnreadable
			}
			e.setNumber(f, value)
			data = data[n:]
			continue
		}
		size, n := binary.Uvarint(data)
		if n <= 0 || size > uint64(len(data)-n) {
			return Entry{}, errUnreadable
		}
		if !e.setText(f, data[n:n+int(size)]) {
			return Entry{}, errUnreadable
		}
		data = data[n+int(size):]
	}
	return e, nil
}

func (e *Entry) setNumber(f field, value int64) {
	switch f {
	case fAt:
		e.At = value
	case fStatus:
		e.Status = int(value)
	case fProven:
		e.Proven = value != 0
	case fExpiresAt:
		e.ExpiresAt = value
	case fTokenIssuedAt:
		e.Subject.TokenIssuedAt = value
	case fClientIssuedAt:
		e.Subject.ClientIssuedAt = value
	case fStatementKey:
		e.Subject.StatementKey = revocation.KeyRef(value)
	case fRefusedMissing:
		e.Refused.Missing = value != 0
	case fRetryAfter:
		e.RetryAfter = value
	case fNamedMissing:
		if last := len(e.Named) - 1; last >= 0 {
			e.Named[last].Missing = value != 0
		}
	}
}

// setText is false for what cannot be the value of the field.
func (e *Entry) setText(f field, value []byte) bool {
	if text := e.textOf(f); text != nil {
		*text = string(value)
		return true
	}
	if id := e.idOf(f); id != nil {
		return copy(id[:], value) == len(id) && len(value) == len(id)
	}
	switch f {
	case fDecider:
		e.Decider = Decider(value)
	case fAddress:
		address, err := netip.ParseAddr(string(value))
		e.Address = address
		return err == nil
	case fNeeded:
		e.Needed = strings.Fields(string(value))
	case fHad:
		e.Had = strings.Fields(string(value))
	case fRefusedKind:
		e.Refused.Names = plugins.Names(value)
	case fMissingPlace:
		e.Missing.In = plugins.Place(value)
	case fNamedKind:
		e.Named = append(e.Named, endpoint.Named{Names: plugins.Names(value)})
	case fNamedValue:
		if last := len(e.Named) - 1; last >= 0 {
			e.Named[last].Value = string(value)
		}
	}
	return true
}

func (e *Entry) textOf(f field) *string {
	switch f {
	case fGateway:
		return &e.Gateway
	case fReason:
		return &e.Reason
	case fMethod:
		return &e.Method
	case fPath:
		return &e.Path
	case fProfile:
		return &e.Profile
	case fRoute:
		return &e.Route
	case fToken:
		return &e.Token
	case fRefusedValue:
		return &e.Refused.Value
	case fMissingName:
		return &e.Missing.Name
	case fDetail:
		return &e.Detail
	case fPlatform:
		return &e.Subject.Platform
	case fIssuer:
		return &e.Subject.Issuer
	case fKey:
		return &e.Subject.KeyID
	}
	return nil
}

func (e *Entry) idOf(f field) *uuid.UUID {
	switch f {
	case fTrace:
		return &e.Trace
	case fClient:
		return &e.Subject.ClientID
	case fApplication:
		return &e.Subject.ApplicationID
	case fStatement:
		return &e.Subject.StatementID
	case fTokenID:
		return &e.Subject.TokenID
	}
	return nil
}
