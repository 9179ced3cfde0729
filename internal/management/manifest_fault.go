package management

import (
	"errors"
	"fmt"
	"strings"
)

// fault notes what is wrong with the manifest at a field. It passes on what is
// wrong with the gateway.
func (d *declaration) fault(at string, err error) error {
	var fault *Error
	if !errors.As(err, &fault) || fault.Code == Unavailable {
		return err
	}
	c := conflictOf(len(d.faults)+1, fault)
	switch {
	case fault.Field == "" || fault.Field == kindOf(at):
		c.Field = at
	case at != "":
		c.Field = at + "." + fault.Field
	}
	d.faults = append(d.faults, c)
	return nil
}

// faultAt is fault where the field is known.
func (d *declaration) faultAt(at, field string, err error) error {
	var fault *Error
	if errors.As(err, &fault) && fault.Code != Unavailable {
		told := *fault
		told.Field = field
		err = &told
	}
	return d.fault(at, err)
}

// kindOf is how errors call what stands at a place of a manifest.
func kindOf(at string) string {
	at = at[strings.LastIndexByte(at, '.')+1:]
	list, _, _ := strings.Cut(at, "[")
	return strings.TrimSuffix(list, "s")
}

func (d *declaration) refused() error {
	lines := make([]string, len(d.faults))
	for i, f := range d.faults {
		lines[i] = f.Field + ": " + f.Message
	}
	first := d.faults[0]
	message := lines[0]
	if more := len(lines) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	return &Error{Code: first.Code, Field: first.Field, Message: message, Hint: first.Hint, Conflicts: d.faults}
}
