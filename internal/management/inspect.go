package management

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

// Verdict says what would become of a software statement at registration.
type Verdict string

const (
	// Approved statements register clients.
	Approved Verdict = "approved"
	// NotValid statements are signed by nobody whom the gateway trusts, or are
	// malformed, expired or not yet valid.
	NotValid Verdict = "invalid"
	// StoppedByKill statements are well signed, but something was revoked.
	StoppedByKill Verdict = "revoked"
	// ApplicationUnknown statements are well signed, for no application here.
	ApplicationUnknown Verdict = "unknown_application"
)

// Verdicts lists every verdict.
var Verdicts = []Verdict{Approved, NotValid, StoppedByKill, ApplicationUnknown}

// Inspection is what there is to say about a software statement.
type Inspection struct {
	Verdict Verdict `json:"verdict"`
	// Why explains every verdict but Approved.
	Why string `json:"why,omitempty"`
	// Header and Claims are what the statement says of itself; it is true
	// only if the verdict is not NotValid. They are left out where they
	// cannot be read.
	Header json.RawMessage `json:"header,omitempty"`
	Claims json.RawMessage `json:"claims,omitempty"`
	// StatementID is what the statement is revoked by. One that somebody else
	// signed has no id of its own; the same text always gets the same here. It
	// is absent if the verdict is NotValid.
	StatementID uuid.UUID `json:"statement_id,omitzero"`
	// Application is the one that the statement names.
	Application *Application `json:"application,omitempty"`
	// Kills lists everything that stops the statement.
	Kills []Kill `json:"kills,omitempty"`
}

// InspectStatement judges a statement as a registration would, by the same
// verifier, and says why. The statement itself is not in the answer.
func (s *Service) InspectStatement(ctx context.Context, who access.Actor, raw string) (Inspection, error) {
	if err := begin(who, access.ShowStatement); err != nil {
		return Inspection{}, err
	}
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return Inspection{}, invalid("software_statement", "got nothing, want a software statement", "the JWT that issuing one printed")
	}
	if err := s.certain("inspecting the statement"); err != nil {
		return Inspection{}, err
	}
	var result Inspection
	result.Header, result.Claims = readable(raw)
	st, err := s.Statements.Verify(raw)
	if errors.Is(err, statement.ErrInvalid) {
		result.Verdict, result.Why = NotValid, strings.TrimPrefix(err.Error(), statement.ErrInvalid.Error()+": ")
		return result, nil
	}
	if err != nil {
		return Inspection{}, unavailable("verifying the statement", err)
	}
	result.StatementID = st.ID
	a, err := s.application(st.ApplicationID)
	if err != nil && !isNotFound(err) {
		return Inspection{}, err
	}
	// Somebody else's application is one that there is not.
	if err != nil || !sees(who, access.ShowStatement, resourceOf(a)) {
		result.Verdict, result.Why = ApplicationUnknown, fmt.Sprintf("no application %s is registered here", st.ApplicationID)
		if !sees(who, access.ShowStatement, access.Resource{}) {
			return result, nil
		}
	} else {
		view, err := s.showApplication(ctx, who, a)
		if err != nil {
			return Inspection{}, err
		}
		result.Application = &view
	}
	result.Kills, err = s.stops(ctx, revocation.Subject{
		StatementID: st.ID, ApplicationID: st.ApplicationID, Issuer: st.Issuer, KeyID: st.KeyID,
	})
	if err != nil {
		return Inspection{}, err
	}
	// As at registration, a kill speaks before an application that is unknown.
	if len(result.Kills) > 0 {
		k := result.Kills[0]
		result.Verdict, result.Why = StoppedByKill, fmt.Sprintf("%s %s was revoked%s", k.Kind, k.ID, story(k))
	} else if result.Verdict == "" {
		result.Verdict = Approved
	}
	return result, nil
}

// readable decodes a JWT's header and claims without judging them. What is not
// a JSON object in base64url is left out.
func readable(raw string) (header, claims json.RawMessage) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, nil
	}
	return object(parts[0]), object(parts[1])
}

func object(part string) json.RawMessage {
	text, err := base64.RawURLEncoding.DecodeString(part)
	var members map[string]any
	if err != nil || json.Unmarshal(text, &members) != nil || members == nil {
		return nil
	}
	return text
}
