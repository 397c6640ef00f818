package certificate

import (
	"fmt"
	"strings"
	"time"
)

// day writes an instant for a reader.
func instant(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04:05 UTC") }

// Text tells a reader what a certificate says, and what it does not.
func (d *Deletion) Text(of Signed) string {
	var b strings.Builder
	say := func(form string, args ...any) { _, _ = fmt.Fprintf(&b, form+"\n", args...) }
	say("Certificate of deletion %s", d.ID)
	say("issued by %s (%s) at %s, signed with the key %s", d.Issuer.Name, d.Issuer.ID, instant(d.IssuedAt), of.Key)
	say("")
	say("Tenant %s, since %s. Its service ended at %s; its data were to be kept until %s.", d.Tenant.ID, instant(d.Tenant.CreatedAt), instant(d.Tenant.EndedAt), instant(d.Tenant.KeptUntil))
	if d.Tenant.Early {
		say("They were deleted before that, as the tenant asked in writing.")
	}
	d.TakenOut.text(say)
	for _, n := range d.Notices {
		if n.ToldAt.IsZero() {
			say("  %s%s: due at %s, and not told", n.Kind, ofDay(n.Day), instant(n.DueAt))
		} else {
			say("  %s%s: told at %s", n.Kind, ofDay(n.Day), instant(n.ToldAt))
		}
	}
	for _, h := range d.Holds {
		say("A legal hold kept the data from %s to %s.", instant(h.PlacedAt), instant(h.ReleasedAt))
	}
	say("")
	say("Deleted: %d rows of %d tables, from %s to %s, on %s at %s%s, by %s:", d.Erased.Rows, len(d.Erased.Tables), instant(d.Erased.BeganAt), instant(d.Erased.EndedAt), d.Erased.Engine, d.Erased.Placement,
		in(d.Erased.Region), d.Erased.By)
	for _, t := range d.Erased.Tables {
		if t.Rows > 0 {
			say("  %-40s %d", t.Name, t.Rows)
		}
	}
	switch {
	case d.Erased.NoRoot != "":
		say("There is no root: %s.", d.Erased.NoRoot)
	default:
		say("Root, under a salt that is destroyed: %s", d.Erased.Root)
	}
	if d.Key.Versions > 0 {
		say("The key of sealed columns and archives (%d versions) was destroyed at %s.", d.Key.Versions, instant(d.Key.DestroyedAt))
	}
	say("")
	say("Kept by the platform:")
	for _, k := range d.Kept {
		law := "no rule is stated"
		if k.Law != "" {
			law = k.Law
		}
		if k.Until != "" {
			law += ", until " + k.Until
		}
		say("  %s: %s (%s; %s, %s; %s)", k.Name, k.About, k.Why, k.Purpose, k.Basis, law)
	}
	say("")
	switch {
	case !d.Backups.Registered:
		say("Backups: the platform keeps no register of them. By its policy they are gone by %s; that is pending, and nobody has looked.", instant(d.Backups.PendingUntil))
	case d.Backups.Count == 0:
		say("Backups: none that is registered holds the data. Pending until %s.", instant(d.Backups.PendingUntil))
	default:
		say("Backups: %d that are registered hold the data; the last expires at %s. Pending until %s.", d.Backups.Count, instant(d.Backups.LastExpiry), instant(d.Backups.PendingUntil))
	}
	say("")
	say("It proves that the holder of the key said so, and that nothing of it was changed since. It does not prove what the rows held: the root cannot be computed again by anybody.")
	return b.String()
}

func (t TakenOut) text(say func(form string, args ...any)) {
	switch t.How {
	case Delivered:
		say("An archive of %d bytes was delivered at %s to %s.", t.Bytes, instant(t.At), t.By)
		if t.Whole {
			say("It held all that was deleted.")
		}
	case Waived:
		say("An archive was expressly waived at %s by %s (terms of %s).", instant(t.At), t.By, t.Terms)
	default:
		say("The data were not taken out, and that was not waived either. The owner was told:")
	}
}

// Text tells a reader what a completion says.
func (c *Completion) Text(of Signed) string {
	text := fmt.Sprintf("\nCompleted at %s (%s, signed with the key %s): no registered backup holds data of the tenant any more.\n", instant(c.CheckedAt), c.ID, of.Key)
	if !c.LastExpiry.IsZero() {
		text += fmt.Sprintf("The last was to expire at %s.\n", instant(c.LastExpiry))
	}
	return text
}

func ofDay(day int64) string {
	if day == 0 {
		return ""
	}
	return fmt.Sprintf(" of day %d", day)
}

func in(region string) string {
	if region == "" {
		return ""
	}
	return " in " + region
}
