"""Headers of the exports that people have: what is sure, what is a guess, and where the person must choose."""

from pathlib import Path

import pytest

from keyturn.bulk.intake.source import read_source
from keyturn.core.errors import SourceError
from tests.bulk.desk import write

KNOWN = {
    "MAS 9.0": (
        "id,username,displayName,givenName,familyName,title,generatePassword",
        {"id": "id", "login": "username", "display_name": "displayName", "given_name": "givenName"},
        set(),
    ),
    "MAS 9.1": (
        "USERID,LOGINID,DISPLAYNAME,FIRSTNAME,LASTNAME,TITLE,IDPID,PRIMARYEMAIL",
        {"id": "USERID", "login": "LOGINID", "family_name": "LASTNAME", "email": "PRIMARYEMAIL"},
        {"email"},
    ),
    "a UiPath module": (
        "Path,Email,UserName,Name,SurName,DisplayName,Type",
        {"id": "UserName", "email": "Email", "given_name": "Name", "family_name": "SurName"},
        {"id", "given_name"},
    ),
    "UiPath BulkCreate": (
        "userName,email,name,surname,displayName",
        {"id": "userName", "given_name": "name", "family_name": "surname", "display_name": "displayName"},
        {"id", "given_name"},
    ),
    "Active Directory by name": (
        "DistinguishedName,Enabled,GivenName,Name,ObjectClass,ObjectGUID,SamAccountName,SID,Surname",
        {"id": "SamAccountName", "given_name": "GivenName", "family_name": "Surname"},
        {"id"},
    ),
    "csvde": (
        "DN,objectClass,cn,sn,givenName,mail,telephoneNumber,sAMAccountName",
        {"id": "sAMAccountName", "display_name": "cn", "family_name": "sn", "phone": "telephoneNumber"},
        {"id", "display_name", "family_name", "phone"},
    ),
    "Entra bulk create": (
        "Name [displayName] Required,User name [userPrincipalName] Required,"
        "Initial password [passwordProfile] Required,"
        "Block sign in (Yes/No) [accountEnabled] Required,First name [givenName],Last name [surname]",
        {"id": "User name [userPrincipalName] Required", "display_name": "Name [displayName] Required"},
        {"id"},
    ),
    "Entra download": (
        "userPrincipalName,displayName,surname,mail,givenName,userType,jobTitle,department,accountEnabled",
        {"id": "userPrincipalName", "email": "mail", "title": "jobTitle", "family_name": "surname"},
        {"id", "title"},
    ),
    "Okta": (
        "login,firstName,lastName,middleName,email,displayName,secondEmail,primaryPhone,preferredLanguage,locale",
        {"id": "login", "email": "email", "language": "preferredLanguage", "phone": "primaryPhone"},
        {"id", "phone"},
    ),
    "Hybrid Data Pipeline": ("id,userName,status", {"id": "id", "login": "userName"}, set()),
    "Primavera": (
        "loginId,firstName,lastName,emailAddress",
        {"id": "loginId", "email": "emailAddress"},
        {"id", "email"},
    ),
    "SCIM paths": (
        "userName,name.givenName,name.familyName,emails[0].value,preferredLanguage",
        {"id": "userName", "given_name": "name.givenName", "email": "emails[0].value"},
        {"id", "given_name", "family_name", "email"},
    ),
    "SCIM paths with their schema": (
        "urn:ietf:params:scim:schemas:core:2.0:User:userName,urn:ietf:params:scim:schemas:core:2.0:User:name.familyName",
        {"id": "urn:ietf:params:scim:schemas:core:2.0:User:userName"},
        {"id"},
    ),
}


@pytest.mark.parametrize("kind", KNOWN)
def test_the_headers_of_known_exports_are_understood(tmp_path: Path, kind: str) -> None:
    """Each field from the column that it stands in; what is likely and not sure is shown as a guess."""
    header, fields, guesses = KNOWN[kind]
    found = read_source(write(tmp_path, f"{header}\n{',' * header.count(',')}\n")).matched.columns
    assert {name: found[name].header for name in fields} == fields
    assert {name for name in fields if found[name].guess} == {name for name in guesses if name in fields}


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("GivenName,SamAccountName,UserPrincipalName", "SamAccountName | UserPrincipalName"),
        ("login,firstName,employeeNumber", "login | employeeNumber"),
        ("User name [userPrincipalName] Required,Employee ID [employeeId]", "User name"),
    ],
)
def test_two_names_that_could_be_the_id_are_left_to_the_person(tmp_path: Path, header: str, shown: str) -> None:
    """Which one the target means, only people know."""
    with pytest.raises(SourceError) as caught:
        read_source(write(tmp_path, f"{header}\n"))
    assert caught.value.code == "KT-IN-010"
    assert shown in caught.value.where


def test_an_export_without_an_id_is_told_which_column_comes_nearest(tmp_path: Path) -> None:
    """Where users are known by their address it has to be said."""
    header = "First Name [Required],Last Name [Required],Email Address [Required],Org Unit Path [Required]"
    path = write(tmp_path, f"{header}\nAmal,Haddad,a@example.com,/\n")
    with pytest.raises(SourceError) as caught:
        read_source(path)
    assert caught.value.fix == "say which one, as in --map id='Email Address [Required]'"
    with pytest.raises(SourceError, match="looks like the user id") as caught:
        read_source(write(tmp_path, "E-Mail;Name;Benutzer-ID\na@example.com;A;a\n"))
    assert caught.value.fix == "say which one, as in --map id=Benutzer-ID"
    with pytest.raises(SourceError, match="looks like the user id"):
        read_source(write(tmp_path, "colour\nred\n"))


@pytest.mark.parametrize(
    "line", ["version:v1.0,,", "#TYPE Microsoft.ActiveDirectory.Management.ADUser", '"version:v1.0"']
)
def test_a_line_that_an_export_puts_first_is_passed_over(tmp_path: Path, line: str) -> None:
    """The header is the next one, and rows keep the numbers of the sheet; anywhere else it is no such line."""
    [row] = read_source(write(tmp_path, f"{line}\nuserid,a,b\namal,,\n")).rows()
    assert (row.number, row.cells["id"]) == (3, "amal")
    with pytest.raises(SourceError):
        read_source(write(tmp_path, f"{line}\n{line}\nuserid,a,b\n"))
