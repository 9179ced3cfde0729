package audit

import (
	"context"
	"encoding/hex"
	"log/slog"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// tell writes an act to the log. With the number and the hash of its entry a
// line anchors the chain outside the store: who rewrites the chain there
// would have to rewrite the log as well.
func (l *Log) tell(end state.AuditHead, notes []Note, broken error) {
	for i, note := range notes {
		attrs, seq := note.attrs(), end.Seq-uint64(len(notes)-1-i)
		if broken != nil {
			seq = 0
			l.observe(Unrecorded)
			l.Logger.LogAttrs(context.Background(), slog.LevelError, "administrative act, not on record", append(attrs, slog.Any("error", broken))...)
		} else {
			attrs = append(attrs, slog.Uint64("seq", seq))
			if seq == end.Seq {
				attrs = append(attrs, slog.String("hash", hex.EncodeToString(end.Hash[:])))
			}
			l.observe(Recorded)
			l.Logger.LogAttrs(context.Background(), slog.LevelInfo, "administrative act", attrs...)
		}
		if l.Acted != nil {
			l.Acted(note, seq)
		}
	}
}

func (n Note) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", string(n.Operation)), slog.String("target", n.Target.String()),
		slog.String("outcome", string(n.Outcome)), slog.String("actor", n.Actor.Name), slog.String("role", string(n.Role)),
		slog.String("method", n.Actor.Method), slog.String("surface", string(n.Actor.Surface)), slog.String("address", n.Actor.Address),
	}
	for name, value := range map[string]string{"programmer": n.Of.Programmer, "channel": n.Of.Channel, "change_set": n.Set} {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	return attrs
}
