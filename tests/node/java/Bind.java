import java.util.Hashtable;
import javax.naming.Context;
import javax.naming.NamingException;
import javax.naming.ldap.InitialLdapContext;

/** Binds to an LDAP server as a user does, with JNDI: Bind URL PRINCIPAL; the password is the first line of its input. */
public final class Bind {
    public static void main(String[] words) throws java.io.IOException {
        var password = new java.io.BufferedReader(new java.io.InputStreamReader(System.in)).readLine();
        var how = new Hashtable<String, String>();
        how.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        how.put(Context.PROVIDER_URL, words[0]);
        how.put(Context.SECURITY_AUTHENTICATION, "simple");
        how.put(Context.SECURITY_PRINCIPAL, words[1]);
        how.put(Context.SECURITY_CREDENTIALS, password);
        how.put("com.sun.jndi.ldap.connect.timeout", "5000");
        try {
            new InitialLdapContext(how, null).close();
            System.out.println("bound");
        } catch (NamingException error) {
            for (Throwable cause = error; cause != null; cause = cause.getCause()) {
                System.out.println(cause);
            }
        }
    }
}
