package management

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// maxText bounds what people write for other people, and the names of issuers
// and keys.
const maxText = 500

// ParseTarget reads what a kill switch is to be thrown on, into the form in
// which the gateways compare it: a kill of "IOS" would otherwise stop nothing.
// The catalogue has the platforms that an operator added.
func ParseTarget(kind, id string, catalogue device.Catalogue) (revocation.Target, error) {
	k, err := parseKind(kind)
	if err != nil {
		return revocation.Target{}, err
	}
	target := revocation.Target{Kind: k, ID: id}
	switch k {
	case revocation.Token, revocation.Client, revocation.Statement, revocation.Application:
		parsed, err := ParseID("id", id)
		if err != nil {
			return revocation.Target{}, err
		}
		target.ID = parsed.String()
	case revocation.Platform:
		platform, err := catalogue.Parse(id)
		if err != nil {
			return revocation.Target{}, invalid("id", strings.TrimPrefix(err.Error(), "platform: "), "")
		}
		target.ID = string(platform)
	case revocation.Channel:
		if !application.ValidID(id) {
			return revocation.Target{}, invalid("id", fmt.Sprintf("got %q, want the id of a channel", id), "such as REF30, in its exact spelling")
		}
	default: // issuer, key
		if id == "" {
			return revocation.Target{}, invalid("id", fmt.Sprintf("got nothing, want the name of the %s", k), "")
		}
		if err := checkText("id", id); err != nil {
			return revocation.Target{}, err
		}
	}
	return target, nil
}

func parseKind(text string) (revocation.Kind, error) {
	kind, err := revocation.ParseKind(text)
	if err != nil {
		return "", invalid("kind", strings.TrimPrefix(err.Error(), "kind: "), "")
	}
	return kind, nil
}

// whoseTarget says whose the thing is that a kill switch is to be thrown on,
// and whether it is there: a kill with a slip in its id stops nothing while its
// thrower believes that it does. Tokens are not recorded, platforms are a
// closed set, and channels need no record: of these any will do, and is the
// operator's where nobody knows better.
func (s *Service) whoseTarget(ctx context.Context, target revocation.Target) (of access.Resource, found bool, err error) {
	id, _ := uuid.Parse(target.ID) // the zero id for kinds that have none
	found = true
	switch target.Kind {
	case revocation.Application:
		var a *application.Application
		if a, err = s.application(id); err == nil {
			of = resourceOf(a)
		}
	case revocation.Client:
		var c state.Client
		if c, err = s.Records.Client(ctx, id); errors.Is(err, state.ErrNotFound) {
			found, err = false, nil
		} else if err == nil {
			of = s.resourceOfClient(c)
		}
	case revocation.Statement:
		var a *application.Application
		if a, err = s.applicationOfStatement(ctx, id); a != nil {
			of = resourceOf(a)
		}
		found = a != nil
	case revocation.Channel:
		if ch, onRecord := s.channelOnRecord(target.ID); onRecord {
			of = access.Resource{Programmer: ch.Programmer, Channel: ch.ID}
		}
	case revocation.Issuer:
		found = target.ID == s.Issuer || slices.Contains(s.TrustedIssuers, target.ID)
	case revocation.Key:
		found, err = s.signs(target.ID)
	}
	var fault *Error
	if errors.As(err, &fault) {
		return of, false, fault
	}
	if err != nil {
		return of, false, unavailable(fmt.Sprintf("looking for %s %s", target.Kind, target.ID), err)
	}
	return of, found, nil
}

func notKnown(target revocation.Target) error {
	if id, err := uuid.Parse(target.ID); err == nil && target.Kind == revocation.Application {
		return noApplication(id)
	}
	return &Error{
		Code: NotFound, Field: "id", Message: fmt.Sprintf("there is no %s %s", target.Kind, target.ID),
		Hint: "compare the id; --allow-unknown (allow_unknown in the API) revokes it all the same",
	}
}

// signs says whether a key is one of ours. The one that hashes the secrets of
// clients signs nothing, so that killing it would stop nothing.
func (s *Service) signs(id string) (bool, error) {
	for _, k := range s.Replica.Keys() {
		if k.ID == id && k.Use == state.KeyForSecrets {
			return false, invalid("id", fmt.Sprintf("key %s hashes the secrets of clients, and has signed nothing to stop", id),
				"nobody can guess a secret with it; where secrets themselves leaked, revoke the clients or their applications")
		}
		if k.ID == id {
			return true, nil
		}
	}
	return false, nil
}

// applicationOfStatement looks for the statement under every application,
// since it is on record there. Nil is none.
func (s *Service) applicationOfStatement(ctx context.Context, id uuid.UUID) (*application.Application, error) {
	if err := s.Replica.Fresh(certainWithin); err != nil {
		return nil, err
	}
	var apps []uuid.UUID
	s.eachApplication(func(a *application.Application) { apps = append(apps, a.ID) })
	owner, err := s.Records.StatementOwner(ctx, id, apps)
	if errors.Is(err, state.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.application(owner)
}

// checkText keeps what is stored and shown again short and printable: it goes
// to terminals.
func checkText(field, text string) error {
	switch {
	case len(text) > maxText:
		return invalid(field, fmt.Sprintf("got %d bytes, want at most %d", len(text), maxText), "")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return invalid(field, fmt.Sprintf("got %q, want printable text on one line", text), "")
	}
	return nil
}
