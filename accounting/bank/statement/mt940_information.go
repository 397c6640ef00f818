package statement

import (
	"regexp"
	"strings"
)

var (
	germanPattern = regexp.MustCompile(`^\d{3}([?>~^])(\d\d)`)
	dutchPattern  = regexp.MustCompile(`/(TRTP|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|CNTP|ORDP|BENM|ULTC|ULTD|PREF|RTRN|ISDT|PURP|SVCL)/`)
	// sepaPattern are the words with which SEPA's fields begin within a German text.
	sepaPattern = regexp.MustCompile(`(EREF\+|KREF\+|MREF\+|CRED\+|DEBT\+|COAM\+|OAMT\+|SVWZ\+|ABWA\+|ABWE\+|MTLG:)`)
)

// inform reads field 86 into the line that it explains.
func (l *Line) inform(lines []string) {
	wrapped := strings.Join(lines, "") // the structured ones are cut at 65 characters, in the middle of words
	switch {
	case germanPattern.MatchString(wrapped):
		l.german(wrapped)
	case dutchPattern.MatchString(wrapped) && strings.HasPrefix(wrapped, "/"):
		l.dutch(wrapped)
	default:
		l.say(strings.Join(lines, " "))
	}
}

// say adds to the text.
func (l *Line) say(text string) {
	if text = clean(text); text != "" {
		l.Text = strings.TrimSpace(l.Text + " " + text)
	}
}

// german reads the structure of the German banks (Deutsche Kreditwirtschaft, DFÜ-Abkommen, Anlage 3): a code of three digits, then
// subfields of two.
func (l *Line) german(s string) {
	l.Code += "/" + s[:3]
	var name, account, remittance strings.Builder
	for _, sub := range strings.Split(s[4:], s[3:4]) {
		if len(sub) < 2 || !digits(sub[:2]) {
			remittance.WriteString(s[3:4] + sub) // the separator was part of a text
			continue
		}
		n, text := number(sub[:2]), sub[2:]
		switch {
		case n == 0:
			l.say(text)
		case n >= 20 && n <= 29 || n >= 60 && n <= 63:
			remittance.WriteString(text)
		case n == 31:
			account.WriteString(text)
		case n == 32 || n == 33:
			name.WriteString(text)
		}
	}
	l.Party, l.PartyAccount = clean(name.String()), accountNumber(account.String())
	l.remittance(remittance.String())
}

// remittance takes SEPA's own words out of a German remittance text.
func (l *Line) remittance(text string) {
	at := sepaPattern.FindAllStringIndex(text, -1)
	if len(at) == 0 {
		l.say(text)
		return
	}
	l.say(text[:at[0][0]])
	for i, word := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		value := text[word[1]:end]
		switch text[word[0]:word[1]] {
		case "EREF+":
			if own := reference(value); own != "" {
				l.Reference = own
			}
		case "KREF+":
			if l.Reference == "" {
				l.Reference = reference(value)
			}
		case "SVWZ+", "MTLG:":
			l.say(value)
		case "ABWA+", "ABWE+":
			if l.Party == "" {
				l.Party = clean(value)
			}
		default:
			l.say(text[word[0]:end])
		}
	}
}

// dutch reads the structure of the Dutch banks: words between slashes.
func (l *Line) dutch(s string) {
	at := dutchPattern.FindAllStringSubmatchIndex(s, -1)
	for i, word := range at {
		end := len(s)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		value := strings.Trim(s[word[1]:end], "/")
		switch s[word[2]:word[3]] {
		case "IBAN":
			l.PartyAccount = accountNumber(value)
		case "NAME":
			l.Party = clean(value)
		case "CNTP", "ORDP", "BENM": // account/BIC/name/city
			parts := append(strings.Split(value, "/"), "", "", "")
			l.PartyAccount, l.Party = accountNumber(parts[0]), clean(parts[2])
		case "EREF":
			if own := reference(value); own != "" {
				l.Reference = own
			}
		case "REMI":
			l.say(strings.TrimPrefix(strings.TrimPrefix(value, "USTD//"), "STRD/")) // unstructured, structured
		case "TRTP", "RTRN":
			l.say(value)
		}
	}
}
